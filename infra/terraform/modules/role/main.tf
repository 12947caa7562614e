terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

locals {
  templates  = "${path.module}/../../policies"
  definition = jsondecode(file("${local.templates}/roles.json"))[var.role]
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-${var.role}"
  assume_role_policy = templatefile("${local.templates}/${local.definition.trust}.json", var.values)
}

resource "aws_iam_role_policy" "this" {
  for_each = toset(local.definition.policies)

  name   = each.key
  role   = aws_iam_role.this.name
  policy = templatefile("${local.templates}/${each.key}.json", var.values)
}
