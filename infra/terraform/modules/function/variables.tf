variable "name" {
  type = string
}

variable "description" {
  type = string
}

variable "role_arn" {
  type = string
}

variable "package" {
  description = "Path of the zip file with the executable \"bootstrap\"."
  type        = string
}

variable "architecture" {
  type = string
}

variable "memory_mb" {
  description = "Processor time comes in proportion to it."
  type        = number
}

variable "timeout_s" {
  type = number
}

variable "environment" {
  type = map(string)
}

variable "log_retention_days" {
  type = number
}
