variable "role" {
  description = "One of those in policies/roles.json."
  type        = string
}

variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "values" {
  description = "What stands for the placeholders of the role's policies."
  type        = map(string)
}
