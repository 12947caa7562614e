data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The role behind the session that runs Terraform.
data "aws_iam_session_context" "current" {
  arn = data.aws_caller_identity.current.arn
}

locals {
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  topic_prefix = "${var.name}-user-"

  # Names instead of references where a reference would close a circle: the trigger must know the
  # roles, the roles the user pool, and the user pool the trigger.
  role_arns = {
    for role in keys(jsondecode(file("${path.module}/policies/roles.json"))) :
    role => "arn:${local.partition}:iam::${local.account}:role/${var.name}-${role}"
  }
  server_role_arns = [local.role_arns["app-server"], local.role_arns["app-lambda"]]

  deployer           = data.aws_iam_session_context.current.issuer_arn
  key_administrators = length(var.key_administrators) > 0 ? var.key_administrators : [local.deployer]

  places = {
    partition          = local.partition
    region             = var.region
    account            = local.account
    name               = var.name
    topic_prefix       = local.topic_prefix
    users_table_arn    = module.storage.users_table_arn
    messages_table_arn = module.storage.messages_table_arn
    bucket_arn         = module.storage.bucket_arn
  }
  server_places = merge(local.places, {
    user_pool_arn = module.identity.user_pool_arn
    mail_from     = var.mail_from
  })

  # A worktree has no .git/config, and what git clones over SSH the server could not.
  origin     = try(regex("url = (https://[A-Za-z0-9./_-]+)", file("${path.module}/../../.git/config"))[0], null)
  repository = var.repository != null ? var.repository : local.origin

  public_url = "https://${var.domain != "" ? var.domain : module.host.public_ip}"

  # What every part of the program is told (src/app/config.h).
  settings = {
    LETTERLOCK_BACKEND              = "aws"
    LETTERLOCK_PUBLIC_URL           = local.public_url
    LETTERLOCK_SIGN_UP              = var.sign_up
    LETTERLOCK_MAIL_FROM            = var.mail_from != "" ? var.mail_from : "letterlock@localhost.localdomain"
    LETTERLOCK_AWS_REGION           = var.region
    LETTERLOCK_AWS_ACCOUNT          = local.account
    LETTERLOCK_AWS_USERS_TABLE      = module.storage.users_table
    LETTERLOCK_AWS_MESSAGES_TABLE   = module.storage.messages_table
    LETTERLOCK_AWS_BUCKET           = module.storage.bucket
    LETTERLOCK_AWS_KEYS             = var.keys
    LETTERLOCK_AWS_SHARED_KEY       = module.keys.shared_key_arn
    LETTERLOCK_AWS_USER_KEYS_MAX    = tostring(var.user_keys_max)
    LETTERLOCK_AWS_OWNER_ROLE       = local.role_arns["identity-pool-authenticated"]
    LETTERLOCK_AWS_SERVER_ROLES     = join(",", local.server_role_arns)
    LETTERLOCK_AWS_PROVISIONER_ROLE = join(",", concat([local.role_arns["post-confirmation"]], local.server_role_arns))
    LETTERLOCK_AWS_ADMIN_ROLE       = local.role_arns["kms-admin"]
    LETTERLOCK_AWS_NOTICES          = var.notices
    LETTERLOCK_AWS_TOPIC_PREFIX     = local.topic_prefix
  }
  server_settings = merge(local.settings, {
    LETTERLOCK_AWS_USER_POOL     = module.identity.user_pool_id
    LETTERLOCK_AWS_CLIENT_ID     = module.identity.client_id
    LETTERLOCK_AWS_IDENTITY_POOL = module.identity.identity_pool_id
  })
  # The trigger is made before the pool that calls it, and never calls the pool.
  trigger_settings = merge(local.settings, {
    LETTERLOCK_AWS_USER_POOL     = "none"
    LETTERLOCK_AWS_CLIENT_ID     = "none"
    LETTERLOCK_AWS_IDENTITY_POOL = "none"
  })
}

module "storage" {
  source = "./modules/storage"

  name             = var.name
  account          = local.account
  protect          = var.protect_data
  server_role_arns = [module.app_server_role.arn, module.app_lambda_role.arn]
}

module "keys" {
  source = "./modules/keys"

  name               = var.name
  shared             = var.keys == "shared"
  key_administrators = distinct([module.kms_admin_role.arn, local.deployer])
  server_role_arns   = [module.app_server_role.arn, module.app_lambda_role.arn]
  owner_role_arn     = module.owner_role.arn
}

module "identity" {
  source = "./modules/identity"

  name           = var.name
  protect        = var.protect_data
  self_sign_up   = var.sign_up != "closed"
  trigger_arn    = module.trigger.arn
  trigger_name   = module.trigger.name
  owner_role_arn = module.owner_role.arn
}

module "trigger" {
  source = "./modules/function"

  name               = "${var.name}-post-confirmation"
  description        = "Gives a confirmed user a key and a topic."
  role_arn           = module.post_confirmation_role.arn
  package            = "${path.module}/${var.lambda_package}"
  architecture       = var.lambda_architecture
  memory_mb          = 256
  timeout_s          = 5 # Cognito waits no longer
  environment        = local.trigger_settings
  log_retention_days = var.log_retention_days
}

module "api" {
  source = "./modules/api"

  name               = var.name
  openapi            = yamldecode(file("${path.module}/../../openapi.yaml"))
  user_pool_arn      = module.identity.user_pool_arn
  function_role_arn  = module.app_lambda_role.arn
  package            = "${path.module}/${var.lambda_package}"
  architecture       = var.lambda_architecture
  environment        = local.server_settings
  log_retention_days = var.log_retention_days
  manage_account     = var.manage_api_gateway_account
}

module "host" {
  source = "./modules/host"

  name          = var.name
  region        = var.region
  ssh_key       = var.ssh_key
  ur_ip         = var.ur_ip
  instance_type = var.instance_type
  role_name     = module.app_server_role.name
  domain        = var.domain
  repository    = local.repository
  revision      = var.revision
  environment   = local.server_settings
}

module "budget" {
  source = "./modules/budget"

  name        = var.name
  monthly_usd = var.monthly_budget_usd
  email       = var.budget_email
}

# --- roles: each a module of its own, as they are made at different times ---

module "app_server_role" {
  source = "./modules/role"

  role   = "app-server"
  name   = var.name
  values = local.server_places
}

module "app_lambda_role" {
  source = "./modules/role"

  role   = "app-lambda"
  name   = var.name
  values = local.server_places
}

module "post_confirmation_role" {
  source = "./modules/role"

  role   = "post-confirmation"
  name   = var.name
  values = local.places
}

module "kms_admin_role" {
  source = "./modules/role"

  role   = "kms-admin"
  name   = var.name
  values = merge(local.places, { key_administrators = jsonencode(local.key_administrators) })
}

module "owner_role" {
  source = "./modules/role"

  role   = "identity-pool-authenticated"
  name   = var.name
  values = merge(local.places, { identity_pool_id = module.identity.identity_pool_id })
}
