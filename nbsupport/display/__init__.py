"""What any page may show: tables, figures, tabs, verdicts, images."""
