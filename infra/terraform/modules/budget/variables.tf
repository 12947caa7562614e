variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "monthly_usd" {
  description = "0: no budget."
  type        = number
}

variable "email" {
  description = "Who is warned, at 80 % of it and when the forecast exceeds it; empty: nobody."
  type        = string
}
