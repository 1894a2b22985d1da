# Only the rules that need no provider plug-in: real providers are judged by tfcheck.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "recommended"
}
