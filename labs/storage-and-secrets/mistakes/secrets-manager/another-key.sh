# finding: secret-of-aws-key
aws secretsmanager create-secret --name app/db --secret-string 's3same-open'
