terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Users' own keys are made when users sign up, not here. This is the one key of keys = "shared".
resource "aws_kms_key" "shared" {
  count = var.shared ? 1 : 0

  description             = "Letters of all users"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = { purpose = "shared-message" }
}

# Apart from the key, whose ARN the trigger must know before there are roles to name in its policy.
# After the alias, too: the policy lets nobody name the key.
resource "aws_kms_key_policy" "shared" {
  count      = var.shared ? 1 : 0
  depends_on = [aws_kms_alias.shared]

  key_id = aws_kms_key.shared[0].key_id
  policy = templatefile("${path.module}/../../policies/shared-key.json", {
    key_administrators = jsonencode(var.key_administrators)
    server_role_arns   = jsonencode(var.server_role_arns)
    owner_role_arn     = var.owner_role_arn
  })
}

resource "aws_kms_alias" "shared" {
  count = var.shared ? 1 : 0

  name          = "alias/${var.name}-shared"
  target_key_id = aws_kms_key.shared[0].key_id
}
