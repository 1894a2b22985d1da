//! What holds of all templates together, over the views that real platforms lead to.

mod every_template;
mod hostile;
mod notices;
mod spy;
