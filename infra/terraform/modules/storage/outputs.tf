output "users_table" {
  value = aws_dynamodb_table.this["users"].name
}

output "users_table_arn" {
  value = aws_dynamodb_table.this["users"].arn
}

output "messages_table" {
  value = aws_dynamodb_table.this["messages"].name
}

output "messages_table_arn" {
  value = aws_dynamodb_table.this["messages"].arn
}

output "bucket" {
  value = aws_s3_bucket.letters.id
}

output "bucket_arn" {
  value = aws_s3_bucket.letters.arn
}
