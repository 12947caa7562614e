variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "account" {
  type = string
}

variable "protect" {
  description = "Refuse to delete tables, and a bucket with objects in it."
  type        = bool
}

variable "server_role_arns" {
  type = list(string)
}

variable "deleted_letters_days" {
  description = "How long a deleted letter's bytes can still be brought back."
  type        = number
  default     = 7
}
