"""The command line: argv to options, compiler, report and deliver; exit codes; no decisions."""
