# A comment that stands alone, with    wide gaps.
// Another sign.
/* a block
     that keeps its   inside
   */
locals {  # after a bracket
  a   = 1 # one
  bcd = 2 // two
  # between
  e = 3 # after a comment line
  /* inside
       a body */
  f = "# no comment" # a comment
  g = "//" /* before the end */

  h = "é"     # counted as one column
  i = "$${x}" # escaped
  j = [       # opens
    1,        # item
    22,       # item
  ]           # closes
}
