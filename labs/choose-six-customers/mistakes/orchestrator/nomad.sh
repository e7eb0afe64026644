# finding: studio-not-a-choice
# from: after
sed -i 's/^studio:.*/studio: nomad/' answers.yaml
