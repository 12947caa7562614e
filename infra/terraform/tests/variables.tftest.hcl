# What may not be typed in. Nothing is made: `terraform test` plans with a mocked provider.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012", arn = "arn:aws:sts::123456789012:assumed-role/d/s" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_session_context" {
    defaults = { issuer_arn = "arn:aws:iam::123456789012:role/d" }
  }
  mock_data "aws_ec2_instance_type" {
    defaults = { supported_architectures = ["arm64"] }
  }
}

variables {
  ssh_key    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFf9m1S8DYbmvwCCYVDVYHvIM4WzGAs6L6fhYJY8i1f me@home"
  ur_ip      = "203.0.113.7"
  repository = "https://example.org/letterlock.git"
}

run "good" {
  command = plan

  assert {
    condition     = output.application_url != null
    error_message = "A plan with the two variables set must succeed."
  }
}

run "address_of_everyone" {
  command         = plan
  expect_failures = [var.ur_ip]

  variables { ur_ip = "0.0.0.0" }
}

run "network_in_place_of_an_address" {
  command         = plan
  expect_failures = [var.ur_ip]

  variables { ur_ip = "203.0.113.0/24" }
}

run "no_address" {
  command         = plan
  expect_failures = [var.ur_ip]

  variables { ur_ip = "203.0.113.256" }
}

run "example_address_left_as_a_name" {
  command         = plan
  expect_failures = [var.ur_ip]

  variables { ur_ip = "your.own.ip.address" }
}

run "private_key" {
  command         = plan
  expect_failures = [var.ssh_key]

  variables { ssh_key = "-----BEGIN OPENSSH PRIVATE KEY-----" }
}

run "example_key_unedited" {
  command         = plan
  expect_failures = [var.ssh_key]

  variables { ssh_key = "ssh-ed25519 AAAA… you@home" }
}

run "path_in_place_of_a_key" {
  command         = plan
  expect_failures = [var.ssh_key]

  variables { ssh_key = "~/.ssh/id_ed25519.pub" }
}

run "key_with_a_second_line" {
  command         = plan
  expect_failures = [var.ssh_key]

  variables { ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFf9m1S8DYbmvwCCYVDVYHvIM4WzGAs6L6fhYJY8i1f me\nssh-rsa AAAA" }
}

run "name_that_no_bucket_may_have" {
  command         = plan
  expect_failures = [var.name]

  variables { name = "Letter_Lock" }
}

run "more_keys_than_kms_has" {
  command         = plan
  expect_failures = [var.user_keys_max]

  variables { user_keys_max = 100001 }
}

run "everyone_as_key_administrator" {
  command         = plan
  expect_failures = [var.key_administrators]

  variables { key_administrators = ["*"] }
}

run "quote_in_the_repository" {
  command         = plan
  expect_failures = [var.repository]

  variables { repository = "https://example.org/'; reboot #" }
}

run "mail_without_sender" {
  command         = plan
  expect_failures = [output.application_url]

  variables { notices = "ses" }
}
