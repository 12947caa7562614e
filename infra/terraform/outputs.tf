output "application_url" {
  description = "Where people use it."
  value       = local.public_url

  precondition {
    condition     = var.notices != "ses" || var.mail_from != ""
    error_message = "notices = \"ses\" needs mail_from."
  }
}

output "api_url" {
  description = "The same API through API Gateway and Lambda: ID tokens, bodies up to 6 MB."
  value       = module.api.url
}

output "environment_file" {
  description = "What the server's environment file says: terraform output -raw environment_file."
  value       = join("", [for key, value in local.server_settings : "${key}=${value}\n"])
}

output "ssh" {
  description = "How to log in to the server."
  value       = "ssh admin@${module.host.public_ip}"
}

output "user_pool_id" {
  value = module.identity.user_pool_id
}

output "client_id" {
  value = module.identity.client_id
}

output "identity_pool_id" {
  value = module.identity.identity_pool_id
}

output "purge" {
  description = "Removes users' keys and topics, which Terraform does not know of; before terraform destroy."
  value       = "tools/purge --region ${var.region} --topic-prefix ${local.topic_prefix}"
}
