def run(context):
    raise SystemExit("todo")
