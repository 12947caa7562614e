terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

data "aws_ec2_instance_type" "this" {
  instance_type = var.instance_type
}

locals {
  debian_architecture = contains(data.aws_ec2_instance_type.this.supported_architectures, "arm64") ? "arm64" : "amd64"
}

# Debian's own record of its newest image.
data "aws_ssm_parameter" "image" {
  name = "/aws/service/debian/release/13/latest/${local.debian_architecture}"
}

# --- network ---

resource "aws_vpc" "this" {
  cidr_block           = "10.60.0.0/24"
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# Whoever lands in the VPC's own group can neither reach nor be reached.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_subnet" "this" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = aws_vpc.this.cidr_block
  availability_zone = var.availability_zone
  tags              = { Name = var.name }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}

# Letters and records stay inside AWS, and cost no traffic.
resource "aws_vpc_endpoint" "storage" {
  for_each = toset(["s3", "dynamodb"])

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this.id]
  tags              = { Name = "${var.name}-${each.key}" }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-server"
  description = "SSH from one address, the web from everywhere"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-server" }
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.this.id
  description       = "SSH from the operator's own address"
  cidr_ipv4         = "${var.ur_ip}/32"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this.id
  description       = each.key == "http" ? "Redirects to HTTPS, and certificate challenges" : "HTTPS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# Packages, the clone, and AWS's interfaces. Names and time come from inside the VPC.
resource "aws_vpc_security_group_egress_rule" "web" {
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this.id
  description       = each.key == "http" ? "Debian's packages, which are signed" : "AWS, the repository, certificates"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# --- server ---

resource "aws_eip" "this" {
  domain = "vpc"
  tags   = { Name = var.name }
}

resource "aws_key_pair" "this" {
  key_name   = var.name
  public_key = var.ssh_key
}

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-server"
  role = var.role_name
}

locals {
  host_name = var.domain != "" ? var.domain : aws_eip.this.public_ip

  # Compose reads these from .env, for itself and for the server.
  environment_file = join("", [
    for key, value in merge(var.environment, {
      WEB_ORIGIN               = "https://${local.host_name}"
      BACKEND_URL              = "https://${local.host_name}"
      LETTERLOCK_TRUSTED_PROXY = cidrhost(var.container_network, 1)
    }) : "${key}=${value}\n"
  ])

  user_data = templatefile("${path.module}/user-data.sh.tftpl", {
    repository       = var.repository
    revision         = var.revision
    environment_file = local.environment_file
    caddyfile = templatefile("${path.module}/Caddyfile.tftpl", {
      host_name = local.host_name
      has_name  = var.domain != ""
    })
    compose_override = templatefile("${path.module}/compose.override.yaml.tftpl", {
      container_network = var.container_network
    })
  })
}

resource "aws_instance" "this" {
  ami                         = data.aws_ssm_parameter.image.insecure_value
  instance_type               = var.instance_type
  subnet_id                   = aws_subnet.this.id
  vpc_security_group_ids      = [aws_security_group.this.id]
  iam_instance_profile        = aws_iam_instance_profile.this.name
  key_name                    = aws_key_pair.this.key_name
  associate_public_ip_address = true # to reach Debian's mirrors before the Elastic IP comes
  ebs_optimized               = true
  monitoring                  = true
  user_data                   = local.user_data
  user_data_replace_on_change = true
  tags                        = { Name = var.name }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2 # containers are one hop further away
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 20
    encrypted   = true
  }

  lifecycle {
    # Newer images come out every other week; taking one is a decision (terraform apply -replace).
    ignore_changes = [ami]

    precondition {
      condition     = var.repository != null
      error_message = "Set repository to the https:// address that the server shall clone: this folder is in no clone of one."
    }
  }

  depends_on = [aws_route.internet, aws_route_table_association.this]
}

resource "aws_eip_association" "this" {
  allocation_id = aws_eip.this.allocation_id
  instance_id   = aws_instance.this.id
}
