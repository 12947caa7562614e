variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "shared" {
  description = "Whether there is a shared key."
  type        = bool
}

variable "key_administrators" {
  description = "ARNs that may change the key and its policy, and not use it."
  type        = list(string)
}

variable "server_role_arns" {
  type = list(string)
}

variable "owner_role_arn" {
  type = string
}
