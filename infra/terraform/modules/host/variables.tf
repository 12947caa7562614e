variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "region" {
  type = string
}

variable "availability_zone" {
  description = "null: one that AWS picks."
  type        = string
  default     = null
}

variable "ssh_key" {
  description = "Public key that may log in."
  type        = string
}

variable "ur_ip" {
  description = "Address from which SSH is reachable."
  type        = string
}

variable "instance_type" {
  type = string
}

variable "role_name" {
  description = "Role of the programs on the server."
  type        = string
}

variable "domain" {
  description = "DNS name of the server, or empty."
  type        = string
}

variable "repository" {
  description = "What to clone; null is refused."
  type        = string
}

variable "revision" {
  type = string
}

variable "environment" {
  description = "Settings of the server."
  type        = map(string)
}

variable "container_network" {
  description = "Private network of the containers. Its first address is the proxy's, as they see it."
  type        = string
  default     = "172.30.60.0/24"
}
