//! The program: hands over to `platgen::cli`.

fn main() -> std::process::ExitCode {
    platgen::cli::main()
}
