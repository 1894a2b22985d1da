locals {
  empty = {}
  one   = { a = 1, b = { c = 2 } }
  many = {
    a = 1
    "b/c" = {
      zone = "eu-west-1a"
      cidr = "10.0.0.0/20" # first
      list = ["a", "b"]    # second
    }
    long_name = 2

    d = 3
  }
  pairs = [{
    a = 1
    }, {
    b = 2
  }]
  call = merge({
    a = 1
    }, {
    bb = 2
  })
  deep = flatten([for zone in ["a", "b"] : [
    for name in ["x"] : {
      key = "${name}/${zone}"
      set = { "${name}" = { zone = zone } }
    }
  ]])
  filtered = { for key, value in { a = 1 } : key => value if value == 1 }
  condition = (
    local.one == null
    ? "a"
    : "b"
  )
}
