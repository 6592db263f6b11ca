"""An AWS Lambda function that a contact flow of Amazon Connect calls."""
