from django.contrib import admin

from .models import Item


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):
    list_display = ["id", "name", "price", "in_stock"]
    list_display_links = ["id", "name"]
    list_filter = ["in_stock"]
    search_fields = ["name", "description"]
    ordering = ["id"]
