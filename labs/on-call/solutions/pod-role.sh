aws iam get-role --role-name invoices --query Role.AssumeRolePolicyDocument >trust.json
sed -i 's/:default:invoices/:prod:invoices/' trust.json
aws iam update-assume-role-policy --role-name invoices --policy-document file://trust.json
kubectl rollout restart deployment/invoices -n prod
kubectl rollout status deployment/invoices -n prod --timeout=2m
