"""`letterlock serve` on the AWS backend, in an environment of the double."""

from aws import cloud
from support.server import Server, wait_for


class AwsServer(Server):
    """As Server; several may share one environment, as nodes of one deployment."""

    def __init__(self, directory, double, environment=None, **settings):
        self.cloud = environment or cloud.aws_environment(double)
        super().__init__(directory, **{"LETTERLOCK_BACKEND": "aws", **self.cloud.variables(),
                                       **settings})

    def _codes(self, email):
        return [mail["code"] for mail in self.cloud.double.control("mail", to=email)
                if mail.get("code")]

    def read_code(self, email, after=0):
        def codes():
            found = self._codes(email)
            return found if len(found) > after else None
        return wait_for(codes, f"a code mailed to {email}")[-1]

    def code_count(self, email):
        return len(self._codes(email))
