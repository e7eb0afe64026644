# finding: wrong-revision
# from: after
helm rollback live 1 --wait
