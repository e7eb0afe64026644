# A role of its own for the new namespace; the old one stays as it was.
aws iam get-role --role-name invoices --query Role.AssumeRolePolicyDocument >trust.json
sed -i 's/:default:invoices/:prod:invoices/' trust.json
ARN=$(aws iam create-role --role-name invoices-prod --assume-role-policy-document file://trust.json --query Role.Arn --output text)
kubectl annotate serviceaccount invoices "eks.amazonaws.com/role-arn=$ARN" --overwrite -n prod
kubectl rollout restart deployment/invoices -n prod
kubectl rollout status deployment/invoices -n prod --timeout=2m
