terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

locals {
  # The one definition of the tables, which the tests use too.
  definitions = {
    for table in ["users", "messages"] :
    table => jsondecode(file("${path.module}/../../tables/${table}.json"))
  }
  # {table = {HASH = attribute, RANGE = attribute or missing}}
  keys = { for table, d in local.definitions : table => { for k in d.KeySchema : k.KeyType => k.AttributeName } }
}

# Encrypted with AWS's own key: the servers may not decrypt with any of ours (policies/README.md).
resource "aws_dynamodb_table" "this" {
  for_each = local.definitions

  name                        = "${var.name}-${each.key}"
  billing_mode                = each.value.BillingMode
  hash_key                    = local.keys[each.key].HASH
  range_key                   = lookup(local.keys[each.key], "RANGE", null)
  deletion_protection_enabled = var.protect

  dynamic "attribute" {
    for_each = each.value.AttributeDefinitions
    content {
      name = attribute.value.AttributeName
      type = attribute.value.AttributeType
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.GlobalSecondaryIndexes
    content {
      name               = global_secondary_index.value.IndexName
      hash_key           = one([for k in global_secondary_index.value.KeySchema : k.AttributeName if k.KeyType == "HASH"])
      range_key          = one([for k in global_secondary_index.value.KeySchema : k.AttributeName if k.KeyType == "RANGE"])
      projection_type    = global_secondary_index.value.Projection.ProjectionType
      non_key_attributes = lookup(global_secondary_index.value.Projection, "NonKeyAttributes", null)
    }
  }

  ttl {
    attribute_name = each.value.TimeToLiveSpecification.AttributeName
    enabled        = each.value.TimeToLiveSpecification.Enabled
  }

  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_s3_bucket" "letters" {
  bucket        = "${var.name}-letters-${var.account}" # bucket names are unique in the world
  force_destroy = !var.protect
}

resource "aws_s3_bucket_public_access_block" "letters" {
  bucket = aws_s3_bucket.letters.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "letters" {
  bucket = aws_s3_bucket.letters.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# SSE-S3, not SSE-KMS: that decrypts with the caller's rights, and the servers have none.
resource "aws_s3_bucket_server_side_encryption_configuration" "letters" {
  bucket = aws_s3_bucket.letters.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# Letters are never overwritten; this is for those that were deleted by mistake, or by an intruder.
resource "aws_s3_bucket_versioning" "letters" {
  bucket = aws_s3_bucket.letters.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "letters" {
  bucket     = aws_s3_bucket.letters.id
  depends_on = [aws_s3_bucket_versioning.letters]

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "deleted-letters"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }

    noncurrent_version_expiration {
      noncurrent_days = var.deleted_letters_days
    }
  }
}

resource "aws_s3_bucket_policy" "letters" {
  bucket     = aws_s3_bucket.letters.id
  depends_on = [aws_s3_bucket_public_access_block.letters]

  policy = templatefile("${path.module}/../../policies/bucket.json", {
    bucket_arn       = aws_s3_bucket.letters.arn
    server_role_arns = jsonencode(var.server_role_arns)
  })
}
