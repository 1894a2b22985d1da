locals {
  short       = 1
  text        = <<-EOT
    one   two
      ${join(", ", ["a", "b"])} # not a comment
    EOT
  longer_name = "aligned with what stands above the heredoc"

  script = <<EOT
#!/bin/sh
if [ "$${HOME}" = "/root" ]; then echo "{" ; fi
%{for name in ["a"]}
  ${name}
%{endfor}
EOT

  nested = <<-OUTER
    ${jsonencode({
  a  = 1
  bb = <<-INNER
      inner ${1 + 1}
      INNER
})}
  OUTER
after = { a = <<-X
    }
    X
}
}
