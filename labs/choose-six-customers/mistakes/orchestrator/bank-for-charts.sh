# finding: wrong-bank-reason
# from: after
sed -i 's/^bank-reason:.*/bank-reason: ecosystem/' answers.yaml
