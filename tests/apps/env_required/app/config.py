from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    app_name: str
    secret_key: str
    page_size: int
    admin_email: str


settings = Settings()
