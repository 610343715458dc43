from django.http import JsonResponse

from .models import Item


def items(request):
    return JsonResponse({"items": list(Item.objects.values_list("name", flat=True))})


def item(request, number):
    return JsonResponse({"name": Item.objects.get(pk=number).name})
