variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "openapi" {
  description = "The API's own description (openapi.yaml), decoded."
  type        = any
}

variable "user_pool_arn" {
  type = string
}

variable "function_role_arn" {
  type = string
}

variable "package" {
  description = "Path of the Lambda package."
  type        = string
}

variable "architecture" {
  type = string
}

variable "environment" {
  type = map(string)
}

variable "log_retention_days" {
  type = number
}

variable "manage_account" {
  description = "Whether to set API Gateway's role for logs."
  type        = bool
}

variable "requests_per_second" {
  description = "Of all callers together; the service itself throttles each of them."
  type        = number
  default     = 100
}

variable "requests_burst" {
  type    = number
  default = 200
}
