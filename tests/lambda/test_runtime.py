"""The loop itself: the Runtime API's rules, deadlines, dead connections, starts that fail."""

from aws.double.runtime_api import TRACE
from support.api_gateway import make_event, read_reply
from support.server import wait_for

CONFIG = make_event("2.0", "GET", "/v1/config", [])
CONFIRMATION = {
    "version": "1", "triggerSource": "PostConfirmation_ConfirmSignUp", "region": "us-east-1",
    "userPoolId": "us-east-1_x", "userName": "anna", "callerContext": {"clientId": "x"},
    "request": {"userAttributes": {"sub": "7d444840-9dc0-41d1-b245-5ffdce74fad2",
                                   "email": "anna@example.org", "email_verified": "true",
                                   "cognito:user_status": "CONFIRMED"}},
    "response": {}}


def status_of(outcome):
    assert outcome.error_type is None, outcome
    return read_reply("2.0", outcome.document).status_code


def test_one_connection_serves_many_invocations(function):
    before = function.runtime.connections
    for _ in range(20):
        assert status_of(function.runtime.invoke(CONFIG)) == 200
    assert function.runtime.connections == before


def test_connections_that_died_are_made_again(function):
    function.runtime.drop_connections = True
    try:
        before = function.runtime.connections
        for _ in range(5):
            assert status_of(function.runtime.invoke(CONFIG)) == 200
        assert function.runtime.connections >= before + 5
    finally:
        function.runtime.drop_connections = False
    assert status_of(function.runtime.invoke(CONFIG)) == 200


def test_the_trace_goes_to_the_log_and_no_further(function):
    assert status_of(function.runtime.invoke(CONFIG)) == 200
    assert f'trace="{TRACE}"' in function.log()
    assert status_of(function.runtime.invoke(CONFIG, trace=None)) == 200
    wait_for(lambda: 'trace=""' in function.log(), "a line without a trace")


def test_other_confirmations_come_back_untouched(function):
    event = {**CONFIRMATION, "triggerSource": "PostConfirmation_ConfirmForgotPassword"}
    outcome = function.runtime.invoke(event)
    assert (outcome.error_type, outcome.document) == (None, event)


def test_a_failed_confirmation_is_an_error_that_tells_no_particulars(function):
    """The embedded backend knows no such user."""
    outcome = function.runtime.invoke(CONFIRMATION)
    assert outcome.error_type == "Letterlock.ProvisioningFailed"
    assert "anna" not in str(outcome.document)


def test_a_start_that_fails_is_reported(make_function):
    f = make_function(LETTERLOCK_TOKEN_SECONDS="soon").start()
    outcome = f.runtime.init_errors.get(timeout=20)
    assert outcome.error_type == "Letterlock.Configuration"
    assert f.process.wait(20) != 0
    assert f.runtime.faults == []


def test_a_backend_that_does_not_open_is_reported(make_function):
    f = make_function()
    f.data_dir.write_text("not a directory")
    f.start()
    outcome = f.runtime.init_errors.get(timeout=20)
    assert outcome.error_type == "Letterlock.CannotStart" and outcome.document["errorMessage"]
    assert f.process.wait(20) != 0
    assert f.runtime.faults == []


def test_the_function_ends_with_its_runtime(make_function):
    f = make_function().start_and_wait()
    assert status_of(f.runtime.invoke(CONFIG)) == 200
    assert f.stop() == 1
