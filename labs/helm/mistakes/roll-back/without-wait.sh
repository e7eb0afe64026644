# finding: no-bad-upgrade
helm upgrade live site --reuse-values --set image=nginx:1.29.99
helm rollback live 2 --wait
