variable "ssh_key" {
  description = "Public SSH key that may log in to the server (the one line of a .pub file)."
  type        = string

  validation {
    condition     = can(regex("^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\\.com) [A-Za-z0-9+/]{60,}={0,2}( [^\n]*)?$", var.ssh_key))
    error_message = "ssh_key is one line of an OpenSSH public key file, such as \"ssh-ed25519 AAAA… you@home\"."
  }
}

variable "ur_ip" {
  description = "Your own IPv4 address: the only one from which SSH is reachable."
  type        = string

  validation {
    condition = (
      can(regex("^[0-9]{1,3}(\\.[0-9]{1,3}){3}$", var.ur_ip)) && can(cidrhost("${var.ur_ip}/32", 0)) &&
      var.ur_ip != "0.0.0.0"
    )
    error_message = "ur_ip is one IPv4 address, such as 203.0.113.7, without a /prefix."
  }
}

variable "region" {
  description = "AWS Region of everything."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the code of an AWS Region, such as eu-central-1."
  }
}

variable "name" {
  description = "Prefix of every name, so that several deployments fit into one account."
  type        = string
  default     = "letterlock"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name has 3 to 24 small letters, digits and hyphens, and begins with a letter."
  }
}

variable "domain" {
  description = "DNS name of the server, whose A record is the Elastic IP; empty: https under the bare address with a certificate of the server's own."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is a DNS name, such as letters.example.org, without https:// and path."
  }
}

variable "repository" {
  description = "HTTPS address from which the server clones; null: the origin of the clone that this folder lies in."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^https://[A-Za-z0-9./_-]+$", var.repository))
    error_message = "repository is an https:// address that can be cloned without a password."
  }
}

variable "revision" {
  description = "Branch, tag or commit that the server runs."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.revision))
    error_message = "revision is a branch, tag or commit."
  }
}

variable "instance_type" {
  description = "EC2 instance type, of either architecture."
  type        = string
  default     = "t4g.small"
}

variable "lambda_package" {
  description = "Zip file with the executable \"bootstrap\", relative to this folder."
  type        = string
  default     = "../../build-lambda/lambda.zip"
}

variable "lambda_architecture" {
  description = "What bootstrap was built for."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.lambda_architecture)
    error_message = "lambda_architecture is x86_64 or arm64."
  }
}

variable "keys" {
  description = "per-user: a KMS key each ($1 a month per user); shared: one key, users told apart by encryption context."
  type        = string
  default     = "per-user"

  validation {
    condition     = contains(["per-user", "shared"], var.keys)
    error_message = "keys is per-user or shared."
  }
}

variable "user_keys_max" {
  description = "With keys = per-user: keys in the Region at which sign-up closes. It bounds the bill."
  type        = number
  default     = 1000

  validation {
    condition     = var.user_keys_max >= 1 && var.user_keys_max <= 100000 && floor(var.user_keys_max) == var.user_keys_max
    error_message = "user_keys_max is 1 to 100000, KMS's quota."
  }
}

variable "key_administrators" {
  description = "ARNs that may assume the key administrator's role; empty: whoever runs Terraform."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.key_administrators : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "key_administrators are ARNs of roles or users, without wildcards."
  }
}

variable "sign_up" {
  description = "open: everyone may; closed: only accounts that an administrator makes."
  type        = string
  default     = "open"

  validation {
    condition     = contains(["open", "closed"], var.sign_up)
    error_message = "sign_up is open or closed."
  }
}

variable "notices" {
  description = "How recipients hear of letters: sns (a topic per user), ses (mail), or none."
  type        = string
  default     = "sns"

  validation {
    condition     = contains(["sns", "ses", "none"], var.notices)
    error_message = "notices is sns, ses or none."
  }
}

variable "mail_from" {
  description = "With notices = ses: the sender, an identity that is verified in SES."
  type        = string
  default     = ""

  validation {
    condition     = var.mail_from == "" || can(regex("^[A-Za-z0-9.!#%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$", var.mail_from))
    error_message = "mail_from is a bare e-mail address."
  }
}

variable "protect_data" {
  description = "Refuse to delete user pool, tables and a bucket with letters; set it to false before terraform destroy."
  type        = bool
  default     = true
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps logs."
  type        = number
  default     = 365
}

variable "monthly_budget_usd" {
  description = "Monthly cost in US dollars that brings a warning; 0: no budget."
  type        = number
  default     = 50

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "monthly_budget_usd is not negative."
  }
}

variable "budget_email" {
  description = "Who is warned; empty: the budget is only shown in the console."
  type        = string
  default     = ""
}

variable "manage_api_gateway_account" {
  description = "Set API Gateway's role for logs, which an account has once per Region; false when it is set already."
  type        = bool
  default     = true
}
