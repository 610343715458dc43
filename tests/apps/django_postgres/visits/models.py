from django.db import models


class Page(models.Model):
    name = models.CharField(max_length=40, unique=True)
    visits = models.IntegerField(default=0)
