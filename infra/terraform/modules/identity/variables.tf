variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "protect" {
  description = "Refuse to delete the user pool."
  type        = bool
}

variable "self_sign_up" {
  description = "Whether people may make their own accounts."
  type        = bool
}

variable "trigger_arn" {
  description = "Function that Cognito calls once a user is confirmed."
  type        = string
}

variable "trigger_name" {
  type = string
}

variable "owner_role_arn" {
  description = "Role of signed-in users."
  type        = string
}
