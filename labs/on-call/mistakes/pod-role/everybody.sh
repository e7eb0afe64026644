# finding: invoices-trusts-too-many
aws iam get-role --role-name invoices --query Role.AssumeRolePolicyDocument >trust.json
sed -i 's/:default:invoices/:*:*/; s/StringEquals/StringLike/' trust.json
aws iam update-assume-role-policy --role-name invoices --policy-document file://trust.json
