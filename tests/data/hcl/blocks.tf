terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.47, < 7"
    }
  }
}

variable "one" { default = 1 }
variable "line" { type = string }
moved {
  from = aws_subnet.this["a"]
  to   = aws_subnet.this["b"]
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.value.zone
  tags              = merge(local.tags, { Name = "x-${each.key}" })
  policy = jsonencode({
    Statement = [{
      Action    = ["kms:*"]
      Condition = { StringEquals = { "a:b" = "c" } }
    }]
  })

  lifecycle {
    prevent_destroy = true
    precondition {
      condition     = alltrue([for key in keys(local.subnets) : length(split("/", key)) == 2])
      error_message = "A key is \"purpose/zone\"."
    }
  }
}



output "last" {
  value = { for key, subnet in aws_subnet.this : key => subnet.id }
}
