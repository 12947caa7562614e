"""A double of AWS for tests: one loopback port that refuses what AWS would refuse.

It verifies signatures, checks bodies against AWS's published models, evaluates policies, injects
faults, and keeps tables in DynamoDB Local and objects in versitygw. Run as `python -m aws.double`.
"""

ACCOUNT = "123456789012"
REGION = "us-east-1"
