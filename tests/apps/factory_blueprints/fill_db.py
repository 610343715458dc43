from shop import create_app

if __name__ == "__main__":
    with create_app().app_context():
        print("filled")
