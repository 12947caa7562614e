terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Costs of the whole account: per-user keys are not told apart by tag until a tag was activated for
# billing.
resource "aws_budgets_budget" "monthly" {
  count = var.monthly_usd > 0 ? 1 : 0

  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = var.email == "" ? {} : { ACTUAL = 80, FORECASTED = 100 }
    content {
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = [var.email]
    }
  }
}
