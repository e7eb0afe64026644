# finding: wrong-shop
# from: after
sed -i 's/^shop:.*/shop: self-managed/' answers.yaml
