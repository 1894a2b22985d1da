//! What holds of all templates together, over the views that real platforms lead to.

pub(crate) mod estate;
mod every_template;
mod hostile;
mod notices;
mod spy;
