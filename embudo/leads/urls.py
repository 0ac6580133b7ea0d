"""The addresses of people."""

from django.urls import path

from embudo.leads.views import attributes, commands, identity, people, person

app_name = "leads"
urlpatterns = [
    path("people/", people.people_list, name="people"),
    path("people/count/", people.people_count, name="people_count"),
    path("people/filters/", people.people_filters, name="people_filters"),
    path("people/filters/attributes/", people.attribute_filters, name="attribute_filters"),
    path("people/columns/", people.people_columns, name="people_columns"),
    path("people/<int:person>/", person.page, name="person"),
    path("people/<int:person>/recent/", people.recent, name="recent"),
    path("people/<int:person>/timeline/", person.timeline, name="timeline"),
    path("people/<int:person>/why/", person.why_page, name="why"),
    path("people/<int:person>/stage/", commands.stage, name="stage"),
    path("people/<int:person>/owner/", commands.owner, name="owner"),
    path("people/<int:person>/notes/", commands.note, name="note"),
    path("people/<int:person>/facts/<str:fact>/withdrawal/", commands.withdrawal, name="withdrawal"),
    path("people/<int:person>/handoff/", commands.handoff, name="handoff"),
    path("people/<int:person>/opportunities/", commands.opportunity, name="opportunity"),
    path("people/<int:person>/attributes/", attributes.add, name="attributes"),
    path("people/<int:person>/everybody/<path:name>/", attributes.everybody, name="everybody"),
    path("people/<int:person>/attributes/<path:name>/", attributes.attribute, name="attribute"),
    path("people/<int:person>/merge/", identity.merge, name="merge"),
    path("people/<int:person>/merge/<int:other>/", identity.join, name="join"),
    path("people/<int:person>/unmerge/<int:absorbed>/", identity.unmerge, name="unmerge"),
    path("people/<int:person>/disputes/<int:dispute>/", identity.settle, name="settle"),
    path("people/<int:person>/disputes/<int:dispute>/reopening/", identity.unsettle, name="unsettle"),
]
