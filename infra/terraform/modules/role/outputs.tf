output "arn" {
  value      = aws_iam_role.this.arn
  depends_on = [aws_iam_role_policy.this]
}

output "name" {
  value      = aws_iam_role.this.name
  depends_on = [aws_iam_role_policy.this]
}
