output "shared_key_arn" {
  description = "Empty without a shared key."
  value       = var.shared ? aws_kms_key.shared[0].arn : ""
}
