# finding: ledger-may-too-much
aws iam attach-role-policy --role-name ledger-execution --policy-arn arn:aws:iam::aws:policy/SecretsManagerReadWrite
