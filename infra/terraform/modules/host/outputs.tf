output "public_ip" {
  value = aws_eip.this.public_ip
}

output "user_data" {
  description = "The script that sets the server up; it holds no secret."
  value       = local.user_data
}
