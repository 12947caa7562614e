terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

module "function" {
  source = "../function"

  name               = "${var.name}-api"
  description        = "The API behind API Gateway."
  role_arn           = var.function_role_arn
  package            = var.package
  architecture       = var.architecture
  memory_mb          = 512
  timeout_s          = 29 # API Gateway waits no longer
  environment        = var.environment
  log_retention_days = var.log_retention_days
}

locals {
  methods = ["get", "post", "put", "patch", "delete"]

  integration = {
    type                = "aws_proxy"
    httpMethod          = "POST"
    uri                 = module.function.invoke_arn
    passthroughBehavior = "when_no_match"
  }

  # What API Gateway must know of an operation: whether it is public, that is, whether the
  # description has `security: []` or `{}` among its alternatives.
  operations = {
    for path, item in var.openapi.paths : path => {
      for method, public in merge(
        {
          for method, operation in item :
          method => try(length(operation.security) == 0 || anytrue([for s in operation.security : length(s) == 0]), false)
          if contains(local.methods, method)
        },
        { options = true } # preflights carry no token
        ) : method => {
        parameters = [
          for name in flatten(regexall("{([^}]*)}", path)) :
          { name = name, in = "path", required = true, schema = { type = "string" } }
        ]
        responses                         = { default = { description = "As the API's description has it." } }
        security                          = public ? [] : [{ cognito = [] }]
        "x-amazon-apigateway-integration" = local.integration
      }
    }
  }

  # Refusals that the function never sees, as problem documents like its own (src/api/problem.c).
  refusals = {
    UNAUTHORIZED                 = { status = 401, code = "unauthenticated", title = "Sign in to continue." }
    EXPIRED_TOKEN                = { status = 401, code = "token_expired", title = "The session's token has expired. Refresh it." }
    MISSING_AUTHENTICATION_TOKEN = { status = 404, code = "not_found", title = "There is nothing here." }
    REQUEST_TOO_LARGE            = { status = 413, code = "body_too_large", title = "The body is larger than this address takes." }
    THROTTLED                    = { status = 429, code = "rate_limited", title = "Too many requests. Wait a little and try again." }
    INTEGRATION_TIMEOUT          = { status = 503, code = "deadline", title = "The server took too long. Try again shortly." }
    DEFAULT_5XX                  = { status = 503, code = "unavailable", title = "The server cannot do this now. Try again shortly." }
  }

  description = jsonencode({
    openapi = "3.0.1"
    info    = { title = var.name, version = var.openapi.info.version }
    paths   = local.operations
    components = {
      securitySchemes = {
        cognito = {
          type                           = "apiKey"
          name                           = "Authorization"
          in                             = "header"
          "x-amazon-apigateway-authtype" = "cognito_user_pools"
          "x-amazon-apigateway-authorizer" = {
            type         = "cognito_user_pools"
            providerARNs = [var.user_pool_arn]
          }
        }
      }
    }
    "x-amazon-apigateway-gateway-responses" = {
      for kind, refusal in local.refusals : kind => {
        statusCode         = refusal.status
        responseParameters = { "gatewayresponse.header.Content-Type" = "'application/problem+json'" }
        responseTemplates = {
          "application/json" = jsonencode({
            type       = "/problems/${refusal.code}"
            title      = refusal.title
            status     = refusal.status
            code       = refusal.code
            detail     = refusal.title
            request_id = "$context.requestId"
          })
        }
      }
    }
  })
}

resource "aws_api_gateway_rest_api" "this" {
  name               = var.name
  body               = local.description
  binary_media_types = ["*/*"] # letters' contents

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api-gateway"
  action        = "lambda:InvokeFunction"
  function_name = module.function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/*"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { description = sha256(local.description) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}-access"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = "live"
  xray_tracing_enabled = false
  depends_on           = [aws_api_gateway_account.this]

  # No addresses, users or paths with ids in them: logs hold none (SECURITY.md).
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request = "$context.requestId"
      time    = "$context.requestTimeEpoch"
      method  = "$context.httpMethod"
      route   = "$context.resourcePath"
      status  = "$context.status"
      bytes   = "$context.responseLength"
      ms      = "$context.responseLatency"
      error   = "$context.error.responseType"
    })
  }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "OFF" # execution logs would hold tokens and letters
    throttling_rate_limit  = var.requests_per_second
    throttling_burst_limit = var.requests_burst
  }
}

# API Gateway's right to write access logs: one setting for the account and Region.
resource "aws_iam_role" "logs" {
  count = var.manage_account ? 1 : 0

  name = "${var.name}-api-gateway-logs"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  count = var.manage_account ? 1 : 0

  role       = aws_iam_role.logs[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

data "aws_partition" "current" {}

resource "aws_api_gateway_account" "this" {
  count = var.manage_account ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.logs[0].arn
  depends_on          = [aws_iam_role_policy_attachment.logs]
}
