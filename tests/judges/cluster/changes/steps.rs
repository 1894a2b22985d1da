//! Commands as documents and findings print them.

/// A section of a document: its title without number, and its `sh` blocks.
pub struct Step {
    pub title: String,
    pub blocks: Vec<String>,
}

/// The sections of a document that have commands, in order. Blocks inside of lists lose their indentation.
pub fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut block: Option<String> = None;
    for line in document.lines() {
        let text = line.trim_start();
        match &mut block {
            Some(_) if text == "```" => {
                let done = block.take().unwrap_or_default();
                if let Some(step) = steps.last_mut() {
                    step.blocks.push(done);
                }
            }
            Some(lines) => *lines += &format!("{text}\n"),
            None if text == "```sh" => block = Some(String::new()),
            None if line.starts_with('#') => {
                let title = line.trim_start_matches('#').trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
                steps.push(Step { title: title.to_owned(), blocks: Vec::new() });
            }
            None => {}
        }
    }
    steps.retain(|step| !step.blocks.is_empty());
    steps
}

/// The commands of a text, which stand between backticks and call kubectl.
pub fn commands(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).filter(|part| part.contains("kubectl ")).map(str::to_owned).collect()
}
